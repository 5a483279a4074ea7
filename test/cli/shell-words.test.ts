import { describe, expect, it } from "vitest";
import { splitShellWords } from "../../src/cli/shell-words.ts";

describe("splitShellWords()", () => {
  it.each([
    ["", [""]],
    ["dhow", ["dhow"]],
    ["dhow ", ["dhow", ""]],
    ["dhow  run\t-it", ["dhow", "run", "-it"]],
    ["dhow run 'two words' x", ["dhow", "run", "two words", "x"]],
    ['dhow -e "A=\\"q\\" b" ', ["dhow", "-e", 'A="q" b', ""]],
    ["dhow run two\\ words", ["dhow", "run", "two words"]],
    ["dhow run 'not closed ", ["dhow", "run", "not closed "]],
    ["dhow -e A='x y'z '' ", ["dhow", "-e", "A=x yz", "", ""]],
    ["dhow run \\", ["dhow", "run", ""]],
  ])("splits %j", (line, words) => {
    expect(splitShellWords(line)).toEqual(words);
  });
});
