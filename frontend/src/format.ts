/** Numbers as people of a language write them, with the digits the meter sent. */

import type { Row } from "./types";

const THOUSANDS: Record<string, string> = { Wh: "kWh", varh: "kvarh", VAh: "kVAh" };

/** Making a format takes far longer than using one, and an update uses some dozens. */
function kept<Format>(make: (language: string, digits: number) => Format): (language: string, digits?: number) => Format {
  const made = new Map<string, Format>();
  return (language, digits = 0) => {
    const key = `${language} ${digits}`;
    let format = made.get(key);
    if (!format) made.set(key, (format = make(language, digits)));
    return format;
  };
}

const decimal = kept(
  (language, digits) =>
    new Intl.NumberFormat(language, { minimumFractionDigits: digits, maximumFractionDigits: digits }),
);
const signed = kept(
  (language) => new Intl.NumberFormat(language, { maximumFractionDigits: 0, signDisplay: "exceptZero" }),
);
const clock = kept((language) => new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "medium" }));

/** Write an exact decimal; its digits after the point stay as they came. */
export function number(text: string, language: string, digits?: number): string {
  const places = digits ?? (text.split(".")[1] ?? "").length;
  return decimal(language, places).format(text as unknown as number);
}

/** Move the decimal point of an exact decimal three places to the left. */
export function thousandth(text: string): string {
  const [, sign, whole, part] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text) ?? [];
  if (whole === undefined) return text;
  const digits = whole.padStart(4, "0");
  return `${sign}${digits.slice(0, -3)}.${digits.slice(-3)}${part ?? ""}`;
}

/** Write a row's value with its unit; counters of energy in thousands, as on the meter. */
export function value(row: Row, language: string): string {
  if (row.value === null) return "";
  if (!row.number) return row.unit ? `${row.value} ${row.unit}` : moment(row.value, language);
  const unit = row.unit ?? "";
  const large = THOUSANDS[unit];
  const text = large ? number(thousandth(row.value), language) : number(row.value, language);
  return `${text} ${large ?? unit}`.trim();
}

function moment(text: string, language: string): string {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(text)) return text;
  const time = new Date(text);
  return Number.isNaN(time.getTime())
    ? text
    : clock(language).format(time);
}

/** Write a power with its sign: the direction is never told by colour alone. */
export function power(watts: number, language: string): string {
  return `${signed(language).format(watts)} W`;
}
