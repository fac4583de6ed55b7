//! Components that are loaded when they are first shown.

import { signal } from "@preact/signals";
import type { FunctionComponent, JSX } from "preact";

/** A component that shows nothing until it is loaded. If that fails, it is tried again when it is next rendered. */
export function lazy<P extends object>(load: () => Promise<FunctionComponent<P>>): FunctionComponent<P> {
  const loaded = signal<FunctionComponent<P> | undefined>(undefined);
  let isLoading = false;
  return function Lazy(props: P): JSX.Element | null {
    const Loaded = loaded.value;
    if (Loaded) return <Loaded {...props} />;
    if (!isLoading) {
      isLoading = true;
      load()
        .then((component) => {
          loaded.value = component;
        })
        .catch((error: unknown) => {
          isLoading = false;
          console.warn("driftbelt:", error);
        });
    }
    return null;
  };
}
