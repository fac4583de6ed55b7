//! A list of named values.

import type { JSX } from "preact";
import { t } from "../locale/locale.ts";

/** Each fact is a key of the locale's `admin.fact` and its value. */
export function Facts({ facts }: { facts: readonly [string, string][] }): JSX.Element {
  return (
    <dl>
      {facts.map(([key, value]) => (
        <div key={key}>
          <dt>{t(`admin.fact.${key}`)}</dt>
          <dd data-value={key}>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
