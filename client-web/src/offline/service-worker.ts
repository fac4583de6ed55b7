//! The service worker: it keeps the files of this build, so that the page opens and practice works without a network. The page
//! itself comes from the server whenever that answers, and names the files of the server's build: no old client meets a new
//! server.

import { type Globals, serve } from "./serve.ts";

// The build writes both in front of the script.
declare const DRIFTBELT_BUILD: string;
declare const DRIFTBELT_FILES: readonly string[];

serve(self as unknown as Globals, DRIFTBELT_BUILD, DRIFTBELT_FILES);
