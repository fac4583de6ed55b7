//! A panic leaves the core's memory undefined: after one, nothing of the core may be called again.

/** Passes calls to `part` until one of them panics, which `panicked` is told. From then on calls do nothing. */
export function guarded<T extends object>(part: T, panicked: (error: WebAssembly.RuntimeError) => void): T {
  let broken = false;
  return new Proxy(part, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== "function") return member;
      return (...values: unknown[]) => {
        if (broken) return undefined;
        try {
          return member.apply(target, values);
        } catch (error) {
          if (!(error instanceof WebAssembly.RuntimeError)) throw error;
          broken = true;
          panicked(error);
          return undefined;
        }
      };
    },
  });
}
