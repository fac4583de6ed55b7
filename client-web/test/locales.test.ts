//! Every language has every text.

import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import english from "../../assets/locales/en.json";
import russian from "../../assets/locales/ru.json";

const PLURAL = /_(zero|one|two|few|many|other)$/;

/** All keys of a locale with their texts; plural forms count as one key. */
function texts(tree: object, path = ""): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const [key, value] of Object.entries(tree)) {
    const at = path === "" ? key : `${path}.${key}`;
    if (typeof value === "object") for (const [inner, list] of texts(value, at)) found.set(inner, list);
    else {
      const base = at.replace(PLURAL, "");
      found.set(base, [...(found.get(base) ?? []), value as string]);
    }
  }
  return found;
}

function placeholders(list: string[]): string {
  return [...new Set(list.flatMap((text) => text.match(/\{\{\w+\}\}/g) ?? []))].sort().join();
}

test("the languages have the same keys", () => {
  expect([...texts(russian).keys()].sort()).toEqual([...texts(english).keys()].sort());
});

test("a text has the same placeholders in every language", () => {
  const other = texts(russian);
  for (const [key, list] of texts(english))
    expect([key, placeholders(other.get(key) ?? [])]).toEqual([key, placeholders(list)]);
});

test("plurals have the forms that their language needs", () => {
  for (const [language, tree] of [
    ["en", english],
    ["ru", russian],
  ] as const) {
    const needed = new Intl.PluralRules(language).resolvedOptions().pluralCategories;
    const flat = JSON.stringify(tree);
    for (const base of new Set(flat.match(/\w+(?=_other")/g) ?? [])) {
      for (const form of needed) expect(flat).toContain(`"${base}_${form}"`);
    }
  }
});

test("every mode and arena has a title", () => {
  for (const folder of ["modes", "arenas"]) {
    const files = new URL(`../../assets/${folder}/`, import.meta.url);
    for (const name of readdirSync(files)) {
      const title = /^title = "(.*)"$/m.exec(readFileSync(new URL(name, files), "utf8"));
      expect([name, Object.keys(english.title)]).toEqual([name, expect.arrayContaining([title?.[1]])]);
    }
  }
});

test("no text is empty", () => {
  for (const list of [...texts(english).values(), ...texts(russian).values()]) {
    for (const text of list) expect(text.trim()).not.toBe("");
  }
});
