import { describe, expect, it } from "vitest";
import { contains, formatCidr, formatIp, overlaps, parseCidr, parseIp, parseMac } from "../../src/model/ip-address.ts";

const cidr = (text: string) => {
  const found = parseCidr(text);
  if (!found) throw new Error(text);
  return found;
};

describe("parseIp() and formatIp()", () => {
  it.each([
    ["10.0.2.100", "10.0.2.100"],
    ["FD00:0:0::1", "fd00::1"],
    ["::", "::"],
    ["1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"],
    ["::ffff:1.2.3.4", "::ffff:102:304"],
  ])("%s", (text, expected) => {
    const ip = parseIp(text);
    expect(ip && formatIp(ip)).toBe(expected);
  });
  it.each(["", "1.2.3", "1.2.3.256", "01.2.3.4", "1.2.3.4.5", "::1%eth0", "fd00::x", ":::", "a"])(
    "refuses %j",
    (text) => {
      expect(parseIp(text)).toBeUndefined();
    },
  );
});

describe("parseCidr()", () => {
  it.each([
    ["10.89.0.7/24", "10.89.0.0/24"],
    ["0.0.0.0/0", "0.0.0.0/0"],
    ["10.0.0.1/32", "10.0.0.1/32"],
    ["fd00:1::5/64", "fd00:1::/64"],
  ])("%s", (text, expected) => expect(formatCidr(cidr(text))).toBe(expected));
  it.each(["10.0.0.0", "10.0.0.0/33", "fd00::/129", "10.0.0.0/8/8", "10.0.0.0/-1", "x/8"])("refuses %j", (text) => {
    expect(parseCidr(text)).toBeUndefined();
  });
  it("knows what is inside", () => {
    expect(overlaps(cidr("10.0.0.0/8"), cidr("10.255.0.0/16"))).toBe(true);
    expect(overlaps(cidr("10.0.0.0/24"), cidr("10.0.1.0/24"))).toBe(false);
    expect(overlaps(cidr("0.0.0.0/0"), cidr("::/0"))).toBe(false);
    expect(contains(cidr("10.0.0.0/30"), { family: 4, value: (10n << 24n) + 3n })).toBe(true);
    expect(contains(cidr("10.0.0.0/30"), { family: 4, value: (10n << 24n) + 4n })).toBe(false);
  });
});

it("parseMac() takes both forms", () => {
  expect(parseMac("02-42-AC-11-00-02")).toBe("02:42:ac:11:00:02");
  for (const text of ["", "02:42", "02:42:ac:11:00:0g", "02:42:ac:11:00:02:03"]) expect(parseMac(text)).toBeUndefined();
});
