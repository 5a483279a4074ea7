/** Shows people that a long step is under way, in words like "Loading images", for as long as `work` takes. */
export type ShowLongStep = <T>(text: string, work: () => Promise<T>) => Promise<T>;

/** For those who show nothing. */
export const doSilently: ShowLongStep = (_, work) => work();
