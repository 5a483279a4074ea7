/** A duration as Go prints it: `0s`, `1h2m12.497s`, `20.5ms`. */
export function goDuration(seconds: number): string {
  if (seconds < 1) return subSecond(seconds);
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  const rest = Number((seconds % 60).toFixed(6));
  return `${hours > 0 ? `${hours}h` : ""}${seconds >= 60 ? `${minutes}m` : ""}${rest}s`;
}

function subSecond(seconds: number): string {
  const nanoseconds = Math.round(seconds * 1e9);
  if (nanoseconds === 0) return "0s";
  if (nanoseconds < 1000) return `${nanoseconds}ns`;
  if (nanoseconds < 1e6) return `${nanoseconds / 1000}µs`;
  return `${nanoseconds / 1e6}ms`;
}
