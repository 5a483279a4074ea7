import { toMap } from "../../cli/template/values.ts";
import type { Event } from "../../model/event.ts";

/** `2026-03-02 10:33:42.312377 -0600 CST container create 34503c192940 (image=..., name=...)`, in podman's form. */
export function eventText(event: Event, noTrunc: boolean): string {
  const { type, status, name } = event;
  const id = noTrunc ? event.id : event.id.slice(0, 12);
  const head = `${localTime(event.timeNs)} ${type} ${status}`;
  switch (type) {
    case "container":
    case "pod":
      return `${head} ${id} (${details(event).join(", ")})`;
    case "network":
      return `${head} ${id} (${networkDetails(event).join(", ")})`;
    case "image":
    case "artifact":
      return [head, id, name, ...(event.error ? [event.error] : [])].join(" ");
    case "secret":
      return `${head} ${id}`;
    case "volume":
      return `${head} ${name}`;
    case "system":
      return name === "" ? head : `${head} ${name}`;
  }
}

function details({ image = "", name, podId, health, attributes = {} }: Event): string[] {
  return [
    `image=${image}`,
    `name=${name}`,
    ...(podId ? [`pod_id=${podId}`] : []),
    ...(health ? [`health_status=${health}`] : []),
    ...Object.entries(attributes).map(([key, value]) => `${key}=${value}`),
  ];
}

function networkDetails({ id, name, network, attributes = {} }: Event): string[] {
  const shown = network ?? name;
  return attributes.driver === undefined
    ? [`container=${attributes.container ?? id}`, `name=${shown}`]
    : [`name=${shown}`, `type=${attributes.driver}`];
}

/** What templates see: podman's fields, and the ones that Docker's templates use. */
export function eventFields(event: Event): object {
  const { exitCode, outOfMemory, id, image, name, network, status, timeNs, type, health, error, podId } = event;
  return {
    ContainerExitCode: exitCode ?? null,
    OOMKilled: outOfMemory ?? null,
    ID: id,
    Image: image ?? "",
    Name: name,
    Network: network ?? "",
    Status: status,
    Action: status,
    Actor: { ID: id, Attributes: toMap({ ...(image && { image }), name, ...event.attributes }) },
    Time: Number(timeNs / 1_000_000_000n),
    TimeNano: timeNs,
    Type: type,
    Scope: "local",
    HealthStatus: health ?? "",
    Error: error ?? "",
    ContainerInspectData: "",
    PodID: podId ?? "",
    Attributes: toMap(event.attributes ?? {}),
  };
}

/** A line of `--format json`. Nanoseconds are more than a number of JavaScript can hold. */
export function eventJson(event: Event): string {
  const { exitCode, outOfMemory, id, image, name, network, status, timeNs, type, health, error, podId } = event;
  const text = (value: string | undefined) => value || undefined;
  const json = JSON.stringify({
    ContainerExitCode: exitCode,
    OOMKilled: outOfMemory,
    ID: text(id),
    Image: text(image),
    Name: text(name),
    network: text(network),
    Status: status,
    time: Number(timeNs / 1_000_000_000n),
    timeNano: 0,
    Type: type,
    health_status: text(health),
    Error: text(error),
    PodID: text(podId),
    Attributes: event.attributes ?? null,
  });
  return `${json.replace('"timeNano":0', `"timeNano":${timeNs}`)}\n`;
}

/** As Go prints a local time. */
function localTime(timeNs: bigint): string {
  const date = new Date(Number(timeNs / 1_000_000n));
  const two = (value: number) => String(value).padStart(2, "0");
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  const time = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  const fraction = String(timeNs % 1_000_000_000n)
    .padStart(9, "0")
    .replace(/0+$/, "");
  const minutes = -date.getTimezoneOffset();
  const size = Math.abs(minutes);
  const offset = `${minutes < 0 ? "-" : "+"}${two(Math.floor(size / 60))}${two(size % 60)}`;
  return `${day} ${time}${fraction && `.${fraction}`} ${offset} ${zoneName(date, offset)}`;
}

/** `CST`; the offset once more for zones without letters of their own. */
function zoneName(date: Date, offset: string): string {
  const parts = new Intl.DateTimeFormat("en-US", { timeZoneName: "short" }).formatToParts(date);
  const name = parts.find(({ type }) => type === "timeZoneName")?.value ?? offset;
  return /^[A-Z]+$/.test(name) ? name : offset;
}
