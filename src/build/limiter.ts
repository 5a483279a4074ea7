/** Lets so many pieces of work run at once; the others wait for their turn in order. */
export interface Limiter {
  run<T>(work: () => Promise<T>): Promise<T>;
}

/** @param limit 0 is no limit. */
export function createLimiter(limit: number): Limiter {
  const waiting: (() => void)[] = [];
  let running = 0;
  const isFull = () => limit > 0 && running >= limit;
  return {
    async run(work) {
      if (isFull()) await new Promise<void>((resolve) => waiting.push(resolve));
      running++;
      try {
        return await work();
      } finally {
        running--;
        waiting.shift()?.();
      }
    },
  };
}
