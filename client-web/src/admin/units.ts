//! Times and sizes as the console shows them.

import { digits, language, t } from "../locale/locale.ts";

const MINUTE_SECONDS = 60;
const HOUR_SECONDS = 60 * MINUTE_SECONDS;
const DAY_SECONDS = 24 * HOUR_SECONDS;

/** Such as `2 d 3 h`, `3:07:09` or `7:09`. */
export function duration(seconds: number): string {
  const days = Math.floor(seconds / DAY_SECONDS);
  const hours = Math.floor((seconds % DAY_SECONDS) / HOUR_SECONDS);
  if (days > 0) return t("admin.days", { days, hours });
  const minutes = Math.floor((seconds % HOUR_SECONDS) / MINUTE_SECONDS);
  const two = (value: number) => String(value).padStart(2, "0");
  const rest = two(seconds % MINUTE_SECONDS);
  return hours > 0 ? `${hours}:${two(minutes)}:${rest}` : `${minutes}:${rest}`;
}

export function size(bytes: number): string {
  const mebibytes = bytes / 1024 / 1024;
  return mebibytes < 1024
    ? t("replay.megabytes", { value: digits(mebibytes, 1) })
    : t("admin.gigabytes", { value: digits(mebibytes / 1024, 1) });
}

/** A time in the language's notation, of one in RFC 3339. */
export function date(text: string): string {
  return new Intl.DateTimeFormat(language(), { dateStyle: "medium", timeStyle: "short" }).format(
    new Date(text),
  );
}
