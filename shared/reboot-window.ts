const day = '(Mon|Tue|Wed|Thu|Fri|Sat|Sun)';
const days = `(daily|${day}(-${day})?(,${day}(-${day})?)*)`;
const time = '([01]\\d|2[0-3]):[0-5]\\d';

/**
 * The form of a reboot window, such as `Sat 02:00-06:00 UTC`, `daily 22:00-04:00 UTC` or `Mon-Fri,Sun 00:00-00:00 UTC`. The parameter
 * rebootWindow has the same pattern (infrastructure/parameters.yml), so CloudFormation refuses a window that never opens.
 */
export const windowPattern = `${days} ${time}-${time} UTC`;
