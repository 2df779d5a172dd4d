// Sample weather: computed from the place and the date alone, so every answer can be repeated.
import type { City } from './cities.ts';

export interface Weather {
  readonly city: string;
  readonly country: string;
  /** ISO 8601 calendar date. */
  readonly date: string;
  readonly temperatureCelsius: number;
  readonly humidityPercent: number;
  readonly windKmh: number;
  readonly condition: string;
}

const CONDITIONS = ['clear', 'partly cloudy', 'cloudy', 'rain', 'windy', 'fog'] as const;
const DAYS_PER_YEAR = 365.25;
/** The middle of January, when the northern winter is coldest. */
const COLDEST_DAY = 15;
/** Largest difference of one day from the mean of the season, in °C. */
const SPREAD = 5;

/** The weather of a city on a day that `parseDate` accepted. */
export function weatherOn(city: City, date: string): Weather {
  const day = Date.parse(date) / 86_400_000;
  const season = (1 - Math.cos((2 * Math.PI * (dayOfYear(date) - COLDEST_DAY)) / DAYS_PER_YEAR)) / 2;
  const mean = city.january + (city.july - city.january) * season;
  const chance = (salt: number) => hash(`${city.name} ${day} ${salt}`);
  const condition = CONDITIONS[Math.floor(chance(4) * CONDITIONS.length)] ?? 'clear';
  const temperature = mean + (chance(1) * 2 - 1) * SPREAD;
  return {
    city: city.name,
    country: city.country,
    date,
    temperatureCelsius:
      condition === 'clear' && temperature > 0 ? round(temperature + 1) : round(temperature),
    humidityPercent: 40 + Math.floor(chance(2) * 55),
    windKmh: round(chance(3) * (condition === 'windy' ? 70 : 30)),
    condition,
  };
}

/** The text if it is a real calendar date of the form YYYY-MM-DD, else undefined. */
export function parseDate(text: string): string | undefined {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return undefined;
  const time = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text) ? text : undefined;
}

function dayOfYear(date: string): number {
  const year = date.slice(0, 4);
  return (Date.parse(date) - Date.parse(`${year}-01-01`)) / 86_400_000 + 1;
}

function round(value: number): number {
  // Adding zero turns -0 into 0.
  return Math.round(value * 10) / 10 + 0;
}

/** FNV-1a with a final mix, as a number from 0 to below 1. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (const character of text) value = Math.imul(value ^ (character.codePointAt(0) ?? 0), 0x01000193);
  value = Math.imul(value ^ (value >>> 15), 0x2c1b3c6d);
  return ((value ^ (value >>> 13)) >>> 0) / 2 ** 32;
}
