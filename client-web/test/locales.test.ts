//! Every language has every text.

import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import english from "../../assets/locales/en.json";
import { languages } from "../src/locale/locale.ts";

const FOLDER = new URL("../../assets/locales/", import.meta.url);
/** All languages, English included, by their codes. */
const locales: readonly (readonly [string, object])[] = readdirSync(FOLDER).map((file) => [
  file.replace(".json", ""),
  JSON.parse(readFileSync(new URL(file, FOLDER), "utf8")),
]);

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

test("every file is a language that the player can choose", () => {
  expect(Object.keys(languages).sort()).toEqual(locales.map(([language]) => language).sort());
  expect(languages).toMatchObject({ de: "Deutsch", en: "English", es: "Español", ru: "Русский" });
});

test.each(locales)("%s has every text, and no other", (language, tree) => {
  const wanted = [...texts(english).keys()];
  const found = [...texts(tree).keys()];
  const missing = wanted.filter((key) => !found.includes(key));
  const unknown = found.filter((key) => !wanted.includes(key));
  expect({ language, missing, unknown }).toEqual({ language, missing: [], unknown: [] });
});

test.each(locales)("a text of %s has the same placeholders as in English", (_, tree) => {
  const other = texts(tree);
  for (const [key, list] of texts(english))
    expect([key, placeholders(other.get(key) ?? [])]).toEqual([key, placeholders(list)]);
});

test.each(locales)("plurals of %s have the forms that it needs", (language, tree) => {
  const needed = new Intl.PluralRules(language).resolvedOptions().pluralCategories;
  const flat = JSON.stringify(tree);
  for (const base of new Set(flat.match(/\w+(?=_other")/g) ?? [])) {
    for (const form of needed) expect(flat).toContain(`"${base}_${form}"`);
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

test.each(locales)("no text of %s is empty", (_, tree) => {
  for (const list of texts(tree).values()) for (const text of list) expect(text.trim()).not.toBe("");
});
