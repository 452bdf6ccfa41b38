/** What AWS asks in one region, in US dollars without tax: assumptions, to be held against the price list before they are relied on. */
export const PRICES_AS_OF = 'list prices of us-west-2, January 2026';

/** Each is for one of what its name says. */
export const PRICES = {
  /** DynamoDB on demand. A replicated unit of a global table is priced as one that is written. */
  readUnit: 0.125e-6,
  writeUnit: 0.625e-6,
  /** Lambda on ARM. */
  invocation: 0.2e-6,
  gigabyteSecond: 13.3334e-6,
  httpApiRequest: 1e-6,
  /** A custom event on a bus; the schedule itself is free. */
  event: 1e-6,
  queueRequest: 0.4e-6,
  logGigabyte: 0.5,
  /** A month each. */
  alarm: 0.1,
  metric: 0.3,
  dashboard: 3,
  secret: 0.4,
  /** Fargate on ARM, by the hour. */
  cpuHour: 0.03238,
  memoryGigabyteHour: 0.00356,
  balancerHour: 0.0225,
  /** A gp3 volume, a gigabyte and month. */
  diskGigabyte: 0.08,
} as const;
