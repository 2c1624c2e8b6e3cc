/** To half a dollar: the prices are not exact. */
export const roughly = (dollars: number): number => Math.round(dollars * 2) / 2;

/** Such as `$51` or `$67.50`. */
export function dollars(amount: number): string {
  const rounded = roughly(amount);
  return `$${Number.isInteger(rounded) ? rounded : rounded.toFixed(2)}`;
}
