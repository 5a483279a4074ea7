import { createConnection } from "node:net";
import { DhowError } from "../errors.ts";
import type { PortMapping } from "../model/container-config.ts";
import { portInUse } from "./ports.ts";

/**
 * Asks a running slirp4netns to forward ports of the host to the container.
 * @throws {DhowError} `conflict` if a port cannot be bound; `unavailable` if slirp4netns does not answer.
 */
export async function openSlirpPorts(
  socket: string,
  guestAddress: string,
  ports: readonly PortMapping[],
): Promise<void> {
  for (const mapping of ports) {
    const answer = await ask(socket, {
      execute: "add_hostfwd",
      arguments: {
        proto: mapping.protocol,
        host_addr: mapping.hostIp === "" ? "0.0.0.0" : mapping.hostIp,
        host_port: mapping.hostPort,
        guest_addr: guestAddress,
        guest_port: mapping.containerPort,
      },
    });
    if (answer.includes('"error"')) throw portInUse(mapping);
  }
}

function ask(socket: string, question: object): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = "";
    const connection = createConnection(socket, () => connection.end(JSON.stringify(question)));
    connection.setEncoding("utf8");
    connection.on("data", (chunk: string) => {
      answer += chunk;
    });
    connection.once("close", () => resolve(answer));
    connection.once("error", (cause) => {
      reject(new DhowError("cannot publish ports: slirp4netns does not answer", { kind: "unavailable", cause }));
    });
  });
}
