// Stands in for the package y18n, which reads locale files. yargs' English texts are their own keys, so nothing is read.
import { format } from "node:util";

export default function y18n() {
  let locale = "en";
  const overrides = new Map();
  const withoutCallback = (values) => (typeof values.at(-1) === "function" ? values.slice(0, -1) : values);

  return {
    __: (text, ...values) => format(overrides.get(text) ?? text, ...withoutCallback(values)),
    __n(one, many, count, ...values) {
      const override = overrides.get(one);
      const text = override ? override[count === 1 ? "one" : "other"] : count === 1 ? one : many;
      return format(text, ...(text.includes("%d") ? [count] : []), ...withoutCallback(values));
    },
    setLocale(name) {
      locale = name;
    },
    getLocale: () => locale,
    updateLocale(texts) {
      for (const [key, text] of Object.entries(texts)) overrides.set(key, text);
    },
  };
}
