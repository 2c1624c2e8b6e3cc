import { oneLine } from '../../shared/foreign-text.ts';

/**
 * A value with other texts.
 *
 * @param keep the names of fields that stay as they are
 */
export function withTexts<Value>(value: Value, change: (text: string) => string, keep: string[] = []): Value {
  if (typeof value === 'string') return change(value) as Value;
  if (Array.isArray(value)) return value.map((it) => withTexts(it, change, keep)) as Value;
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, it]) => [key, keep.includes(key) ? it : withTexts(it, change, keep)]),
  ) as Value;
}

/**
 * An answer of AWS with each text on one line, because they stand in sentences of ours. Tags stay as they are: a run checks and shows them
 * by itself.
 */
export const onOneLine = <Value>(answer: Value): Value => withTexts(answer, oneLine, ['Tags']);
