/** Values by the number of their period. Periods without data are missing. */
export type Series = Map<number, number>;

type Value = Series | Series[] | number;

/**
 * The part of CloudWatch's metric math that the alarms use: numbers, ids, `[…]`, `*`, FILL, SUM and RUNNING_SUM. Documented: FILL
 * fills the gaps of a series, SUM of a list adds what there is in each period. Assumed: FILL cannot fill a series without any data.
 *
 * @throws Error for everything else
 */
export function evaluate(expression: string, series: ReadonlyMap<string, Series>, range: number[]): Series {
  const tokens = expression.match(/-?\d+(\.\d+)?|\w+|\S/g) ?? [];
  const unexpected = (token = 'the end') => new Error(`The local CloudWatch does not know ${token} in ${expression}.`);
  const take = (expected: string) => {
    const token = tokens.shift();
    if (token !== expected) throw unexpected(token);
  };

  function product(): Value {
    const left = operand();
    if (tokens[0] !== '*') return left;
    take('*');
    const right = product();
    if (typeof left !== 'number' || !(right instanceof Map)) throw unexpected('*');
    return new Map([...right].map(([period, value]) => [period, left * value]));
  }

  function operand(): Value {
    const token = tokens.shift() ?? '';
    if (/^-?\d/.test(token)) return Number(token);
    if (token === '[') return list(']') as Series[];
    if (tokens[0] !== '(') return series.get(token) ?? fail(token);
    take('(');
    return call(token, list(')'));
  }

  function list(end: string): Value[] {
    const values = [product()];
    while (tokens[0] === ',') {
      take(',');
      values.push(product());
    }
    take(end);
    return values;
  }

  function call(name: string, [first, second]: Value[]): Series {
    if (name === 'SUM' && Array.isArray(first)) return sum(first);
    if (name === 'RUNNING_SUM' && first instanceof Map) return runningSum(first);
    if (name === 'FILL' && first instanceof Map && typeof second === 'number')
      return new Map(first.size === 0 ? [] : range.map((period) => [period, first.get(period) ?? second]));
    throw unexpected(name);
  }

  const fail = (token: string): never => {
    throw unexpected(token);
  };

  const result = product();
  if (tokens.length > 0 || !(result instanceof Map)) throw unexpected(tokens[0]);
  return result;
}

function sum(all: Series[]): Series {
  const total: Series = new Map();
  for (const series of all) for (const [period, value] of series) total.set(period, (total.get(period) ?? 0) + value);
  return total;
}

function runningSum(series: Series): Series {
  let total = 0;
  const sorted = [...series].sort(([one], [other]) => one - other);
  return new Map(
    sorted.map(([period, value]) => {
      total += value;
      return [period, total];
    }),
  );
}
