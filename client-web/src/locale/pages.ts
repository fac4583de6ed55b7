//! The English texts of the pages and dialogs that a first visit does not open. The file comes whole: as a module it would be one with
//! that of `english.ts`, and come with the first visit.

import text from "../../../assets/locales/en.json?raw";
import { addEnglish } from "./locale.ts";

addEnglish(JSON.parse(text));
