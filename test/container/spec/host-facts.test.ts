import { expect, it } from "vitest";
import { countMapped, parseLimits, readHostFacts } from "../../../src/container/spec/host-facts.ts";

it("countMapped() counts ids from 0 on without holes, in whatever order they are", () => {
  expect(countMapped("         0       1001          1\n         1     100000      65536\n")).toBe(65_537);
  expect(countMapped("         1     100000      10\n         0       1001          1\n")).toBe(11);
  expect(countMapped("0 1001 1\n5 100000 10\n")).toBe(1);
  expect(countMapped("")).toBe(0);
});

it("parseLimits() reads /proc/PID/limits", () => {
  const text = `Limit                     Soft Limit           Hard Limit           Units     
Max cpu time              unlimited            unlimited            seconds   
Max open files            1024                 524288               files     
Max realtime timeout      unlimited            unlimited            us        
`;
  expect(parseLimits(text)).toEqual({
    cpu: { soft: -1, hard: -1 },
    nofile: { soft: 1024, hard: 524_288 },
    rttime: { soft: -1, hard: -1 },
  });
});

it("readHostFacts() finds this machine's", () => {
  const facts = readHostFacts();
  expect(facts.lastCapability).toBeGreaterThan(30);
  expect(facts.mappedUsers).toBeGreaterThan(0);
  expect(Object.keys(facts.limits)).toHaveLength(15);
});
