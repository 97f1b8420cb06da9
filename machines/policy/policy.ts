/** The settings that the charts use in their decisions. Delays are in milliseconds, 0 … 2 147 483 647. */

export type RestartKind = 'permanent' | 'transient' | 'temporary';

export interface RestartPolicy {
  /** `permanent` always restarts, `transient` unless the exit code was 0, `temporary` never. Default `permanent`. */
  readonly kind: RestartKind;
  /** Delay before the restart of a server that had been stable. Default 0. */
  readonly firstDelayMs: number;
  /** Mean delay of the first retry is ¾ of this. Default 500. */
  readonly baseMs: number;
  /** The delay grows by this factor with each failure in a row. Default 2. */
  readonly factor: number;
  /** The longest delay. Default 30 000. */
  readonly capMs: number;
  /** Failures in a row, without stability in between, that lead to `failed`. 0: no limit. Default 8. */
  readonly maxConsecutive: number;
  /** Automatic starts allowed within `periodMs`. 0: no limit. Default 10. */
  readonly intensity: number;
  /** Length of the window of `intensity`. Default 300 000. */
  readonly periodMs: number;
  /** Time a server must stay connected before its failures are forgiven. Default 60 000. */
  readonly stableAfterMs: number;
  /** Failures within an hour that raise the alarm `flapping`. 0: never. Default 30. */
  readonly flappingPerHour: number;
  /**
   * Exit codes that lead straight to `failed`. Default 78 (EX_CONFIG), 126, 127 (shells: not executable, not found).
   */
  readonly permanentExitCodes: readonly number[];
}

export interface HeartbeatPolicy {
  /** Silence after which a session is probed. 0: never. Default 15 000, remote servers 60 000. */
  readonly intervalMs: number;
  /** How long a probe may take. Default 5 000. */
  readonly timeoutMs: number;
  /** Missed probes in a row before the confirmation. Default 3. */
  readonly misses: number;
  /** The same limit while calls are in flight or the process group uses CPU. Default 2 × `misses`. */
  readonly busyMisses: number;
}

export interface StopPolicy {
  /** From the end of stdin (HTTP: from DELETE) to SIGTERM. Default 2 000. */
  readonly closeMs: number;
  /** From SIGTERM to SIGKILL. Default 3 000. */
  readonly terminateMs: number;
  /** From SIGKILL to the alarm `stuck`. Default 2 000. */
  readonly killMs: number;
}

export interface ServerPolicy {
  readonly restart: RestartPolicy;
  readonly heartbeat: HeartbeatPolicy;
  readonly stop: StopPolicy;
  /** Time limit of `spawning`, of `listing`, and of the silence of processes while `initializing`. Default 30 000. */
  readonly startTimeoutMs: number;
  /**
   * Time limit of `initializing` while the server's processes are at work; without a sign of it `startTimeoutMs` is.
   * Doubled after each start that it cut, up to an hour, until the server has connected. Default 120 000.
   */
  readonly installTimeoutMs: number;
  /** Started by the first call instead of at boot. Default false. */
  readonly lazy: boolean;
  /** Time without calls after which a lazy server is stopped. Default 300 000. */
  readonly idleStopMs: number;
  /** Whether the session runs over a network: probed at once after the machine was suspended. */
  readonly remote: boolean;
  /** Servers that must be connected before this one starts. Default none. */
  readonly dependsOn: readonly string[];
  /**
   * Whether others depend on it, it depends on others, or its group acts as one: only then it reports each step to its
   * supervisors. Default false.
   */
  readonly related: boolean;
  /** What a person has to approve before anything starts with these settings. Null: nothing. Default null. */
  readonly approval: Approval | null;
}

/** A specification that waits for a person. */
export interface Approval {
  /** `sha256:…` of what decides what runs. */
  readonly hash: string;
  /** What would run, without secrets. */
  readonly commandLine: string;
  /** What approves it: a command, or a setting. */
  readonly clearedBy: string;
}

/** The settings that the chart of the client process uses in its decisions. */
export interface ClientProcessPolicy {
  /** Silence after which it counts as hung; it speaks twice as often. 0: never. Default 10 000. */
  readonly watchdogMs: number;
  /** Longest delay before the first retry. Default 250. */
  readonly baseMs: number;
  /** The delay grows by this factor with each failure in a row. Default 2. */
  readonly factor: number;
  /** The longest delay. Default 10 000. */
  readonly capMs: number;
  /** Failures in a row, without stability in between, that lead to `failed`. 0: no limit. Default 5. */
  readonly maxConsecutive: number;
  /** Time it must stay connected before its failures are forgiven. Default 60 000. */
  readonly stableAfterMs: number;
}
