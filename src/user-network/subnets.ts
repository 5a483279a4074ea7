import { DhowError } from "../errors.ts";
import {
  type Cidr,
  contains,
  formatCidr,
  formatIp,
  type IpAddress,
  overlaps,
  parseCidr,
  parseIp,
} from "../model/ip-address.ts";
import type { NetworkSubnet } from "../model/network.ts";

export interface SubnetRequest {
  readonly subnet: string;
  readonly gateway?: string | undefined;
  /** `START-END`, or a part of the subnet in CIDR form. */
  readonly range?: string | undefined;
}

/**
 * A subnet, checked, with its gateway: the first address if none was named.
 * @throws {DhowError} `invalid-argument` with podman's words.
 */
export function completeSubnet(
  { subnet, gateway, range }: SubnetRequest,
  needsGateway: boolean,
  taken: readonly Cidr[],
): NetworkSubnet {
  const cidr = parseCidr(subnet);
  if (!cidr) throw invalid(`invalid CIDR address: ${subnet}`);
  const text = formatCidr(cidr);
  if (taken.some((other) => overlaps(other, cidr))) {
    throw invalid(`subnet ${text} is already used on the host or by another config`);
  }
  const chosen = gateway === undefined ? undefined : checkGateway(gateway, cidr);
  const first = formatIp({ family: cidr.family, value: cidr.first === cidr.last ? cidr.first : cidr.first + 1n });
  const given = chosen ?? (needsGateway ? first : undefined);
  return {
    subnet: text,
    ...(given === undefined ? {} : { gateway: given }),
    ...(range === undefined ? {} : { range: checkRange(range, cidr) }),
  };
}

function checkGateway(text: string, cidr: Cidr): string {
  const ip = parseIp(text);
  if (!ip) throw invalid(`invalid gateway ${JSON.stringify(text)}: it is no IP address`);
  if (!contains(cidr, ip)) throw invalid(`gateway ${formatIp(ip)} not in subnet ${formatCidr(cidr)}`);
  return formatIp(ip);
}

function checkRange(text: string, cidr: Cidr): NonNullable<NetworkSubnet["range"]> {
  const { start, end } = parseRange(text);
  if (!contains(cidr, start))
    throw invalid(`lease range start ip ${formatIp(start)} not in subnet ${formatCidr(cidr)}`);
  if (!contains(cidr, end)) throw invalid(`lease range end ip ${formatIp(end)} not in subnet ${formatCidr(cidr)}`);
  return { start: formatIp(start), end: formatIp(end) };
}

function parseRange(text: string): { start: IpAddress; end: IpAddress } {
  const dash = text.indexOf("-");
  if (dash >= 0) {
    const [first, last] = [text.slice(0, dash), text.slice(dash + 1)];
    const [start, end] = [parseIp(first), parseIp(last)];
    if (!start) throw invalid(`range start ip ${JSON.stringify(first)} is not a ip address`);
    if (!end) throw invalid(`range end ip ${JSON.stringify(last)} is not a ip address`);
    return { start, end };
  }
  const cidr = parseCidr(text);
  if (!cidr) throw invalid(`invalid CIDR address: ${text}`);
  const { family, first, last } = cidr;
  const isWide = last - first > 1n;
  return {
    start: { family, value: isWide ? first + 1n : first },
    end: { family, value: isWide && family === 4 ? last - 1n : last },
  };
}

function invalid(message: string): DhowError {
  return new DhowError(message, { kind: "invalid-argument" });
}
