// A file handler: one function that gets the validated arguments and the call's context.

interface DeliveryArguments {
  readonly placed_on: string;
  readonly working_days: number;
}

interface HandlerLogger {
  debug(message: unknown): void;
}

const DAY_MS = 24 * 60 * 60 * 1000;

/** The date on which an order arrives, counting working days from the day it was placed. */
export default function deliveryDate(
  args: DeliveryArguments,
  context: { readonly logger: HandlerLogger },
): object {
  let time = Date.parse(`${args.placed_on}T00:00:00Z`);
  let left = args.working_days;
  let weekendDays = 0;
  while (left > 0) {
    time += DAY_MS;
    if (isWeekend(new Date(time))) weekendDays++;
    else left--;
  }
  context.logger.debug(`skipped ${weekendDays} weekend days`);
  const date = new Date(time);
  return {
    delivery_date: date.toISOString().slice(0, 10),
    weekday: date.toLocaleDateString('en', { weekday: 'long', timeZone: 'UTC' }),
    weekend_days_skipped: weekendDays,
  };
}

function isWeekend(date: Date): boolean {
  const day = date.getUTCDay();
  return day === 0 || day === 6;
}
