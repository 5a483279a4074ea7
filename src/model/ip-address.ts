/** An IP address as a number, which makes ranges easy to walk. */
export interface IpAddress {
  readonly family: 4 | 6;
  readonly value: bigint;
}

/** A range of addresses that share their first bits. */
export interface Cidr {
  readonly family: 4 | 6;
  /** The lowest address: all bits behind the prefix are 0. */
  readonly first: bigint;
  readonly last: bigint;
  readonly prefix: number;
}

/** An address in dotted or colon form; undefined for any other text. Zones are not taken. */
export function parseIp(text: string): IpAddress | undefined {
  if (text.includes(":")) return parseIp6(text);
  const parts = text.split(".");
  if (parts.length !== 4 || !parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255)) {
    return undefined;
  }
  return { family: 4, value: parts.reduce((value, part) => value * 256n + BigInt(part), 0n) };
}

function parseIp6(text: string): IpAddress | undefined {
  if (!/^[0-9a-fA-F:.]+$/.test(text) || !URL.canParse(`http://[${text}]/`)) return undefined;
  // The form that it comes back in has no IPv4 part and no leading zeros.
  const [head = "", tail] = new URL(`http://[${text}]/`).hostname.slice(1, -1).split("::");
  const groups = (part: string) => part.split(":").filter(Boolean);
  const zeros = tail === undefined ? 0 : 8 - groups(head).length - groups(tail).length;
  const all = [...groups(head), ...Array.from({ length: zeros }, () => "0"), ...groups(tail ?? "")];
  return { family: 6, value: all.reduce((value, group) => value * 65536n + BigInt(`0x${group}`), 0n) };
}

/** The usual form: dotted, or RFC 5952's. */
export function formatIp({ family, value }: IpAddress): string {
  const count = family === 4 ? 4 : 8;
  const bits = family === 4 ? 8n : 16n;
  const parts = Array.from({ length: count }, (_, index) => {
    const part = (value >> (bits * BigInt(count - 1 - index))) & ((1n << bits) - 1n);
    return part.toString(family === 4 ? 10 : 16);
  });
  return family === 4 ? parts.join(".") : new URL(`http://[${parts.join(":")}]/`).hostname.slice(1, -1);
}

/** `10.89.0.0/24`, also when the address has bits behind the prefix; undefined for any other text. */
export function parseCidr(text: string): Cidr | undefined {
  const [address = "", prefixText = "", ...more] = text.split("/");
  const ip = parseIp(address);
  if (!ip || more.length > 0 || !/^\d{1,3}$/.test(prefixText)) return undefined;
  const bits = ip.family === 4 ? 32 : 128;
  const prefix = Number(prefixText);
  if (prefix > bits) return undefined;
  const hostBits = BigInt(bits - prefix);
  const first = (ip.value >> hostBits) << hostBits;
  return { family: ip.family, first, last: first + (1n << hostBits) - 1n, prefix };
}

export function formatCidr({ family, first, prefix }: Cidr): string {
  return `${formatIp({ family, value: first })}/${prefix}`;
}

export function contains(cidr: Cidr, { family, value }: IpAddress): boolean {
  return family === cidr.family && value >= cidr.first && value <= cidr.last;
}

export function overlaps(a: Cidr, b: Cidr): boolean {
  return a.family === b.family && a.first <= b.last && b.first <= a.last;
}

/** `02:42:ac:11:00:02`, also with hyphens; undefined for what is no hardware address of six bytes. */
export function parseMac(text: string): string | undefined {
  const parts = text.split(/[:-]/);
  return parts.length === 6 && parts.every((part) => /^[0-9a-fA-F]{2}$/.test(part))
    ? parts.join(":").toLowerCase()
    : undefined;
}
