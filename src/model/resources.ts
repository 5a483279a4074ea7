/** Limits through cgroups; what is undefined is not limited. */
export interface Resources {
  /** Bytes; -1 is unlimited. */
  readonly memoryBytes?: number;
  readonly memoryReservationBytes?: number;
  /** Memory and swap together. */
  readonly memorySwapBytes?: number;
  readonly cpuShares?: number;
  /** Microseconds. */
  readonly cpuQuota?: number;
  readonly cpuPeriod?: number;
  /** As `0-3,5`. */
  readonly cpusetCpus?: string;
  readonly cpusetMems?: string;
  /** -1 is unlimited. */
  readonly pidsLimit?: number;
  /** 10 to 1000. */
  readonly blkioWeight?: number;
  readonly blkioWeightDevices?: readonly DeviceValue[];
  readonly readBps?: readonly DeviceValue[];
  readonly writeBps?: readonly DeviceValue[];
  readonly readIops?: readonly DeviceValue[];
  readonly writeIops?: readonly DeviceValue[];
  /** Files of cgroup v2 and what is written to them. */
  readonly unified?: Readonly<Record<string, string>>;
}

/** A value for one block device. */
export interface DeviceValue {
  /** As `/dev/sda`. */
  readonly path: string;
  readonly value: number;
}
