import { randomHex } from "../system/random.ts";

const adjectives = (
  "able agile amber ample apt balmy bold brave breezy bright brisk calm clear clever coastal cosmic cozy crisp curious " +
  "daring deft dreamy eager early easy fair fearless fine fleet fond frank free fresh gentle glad golden graceful grand " +
  "handy happy hardy honest humble jolly keen kind lively loyal lucid lucky mellow merry mighty mild modest neat nimble " +
  "noble patient placid polite proud quick quiet rapid ready serene sharp silent silver sleek smart smooth snug sober " +
  "solid spry steady still sunny sure swift tall tidy tranquil trim true trusty upbeat vivid warm wary wise witty zesty"
).split(" ");

/** People who sailed, charted or built ships. */
const surnames = (
  "amundsen baret baffin banks baudin beaufort bering bligh bonny bougainville bowditch brunel cabot cabral cartier " +
  "chichester columbus cook coronelli cousteau dampier darwin davis dias drake earhart earle elcano erikson fitzroy flinders " +
  "franklin frobisher gama gray greely hakluyt halley harrison heyerdahl hudson humboldt ibnmajid joyon kruzenshtern laperouse " +
  "macarthur magellan mahan maury mercator moitessier nansen nelson nordenskiold ohthere oldenburg peary piri polo pytheas quiros " +
  "raleigh ross sacagawea scott selkirk shackleton slocum tabarly tasman torres vancouver vespucci villiers wegener wilkes worsley zarco zheng"
).split(" ");

/** A new container id: 64 hex digits. */
export function newContainerId(): string {
  return randomHex(32);
}

/** A name for a container whose user gave none, as `calm_magellan`. */
export function randomName(): string {
  return `${pick(adjectives)}_${pick(surnames)}`;
}

function pick(words: readonly string[]): string | undefined {
  return words[Math.floor(Math.random() * words.length)];
}
