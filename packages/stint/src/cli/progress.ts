import { showBytes } from '@stint/engine'
import type { StepReport } from '@stint/train'
import type { Io } from './io.ts'

/** How full the arena is of what was asked for: `1.21 MiB of 1.24 MiB`. */
export function showArena(arenaBytes: number, budgetBytes: number | undefined): string {
  return budgetBytes === undefined
    ? showBytes(arenaBytes)
    : `${showBytes(arenaBytes)} of ${showBytes(budgetBytes)}`
}

/** About so many lines where nobody watches. */
const plainLines = 50
/** ms between two pictures of the live line. */
const frame = 100

/** Shows how training goes: one line that changes in a terminal, some fifty plain ones elsewhere. */
export class Progress {
  readonly #io: Io
  readonly #steps: number
  readonly #arena: string
  readonly #loss = new Smoothed()
  readonly #accuracy = new Smoothed()
  readonly #speed = new Smoothed()
  readonly #ms = new Smoothed()
  #drawn = Number.NEGATIVE_INFINITY

  constructor(io: Io, steps: number, arena: string) {
    this.#io = io
    this.#steps = steps
    this.#arena = arena
  }

  show(report: StepReport): void {
    const { step } = report
    this.#loss.add(report.loss)
    if (report.accuracy !== undefined) this.#accuracy.add(report.accuracy)
    this.#speed.add(report.samplesPerSecond)
    this.#ms.add(report.ms)
    const last = step === this.#steps
    if (this.#io.live) {
      const now = performance.now()
      if (!last && now - this.#drawn < frame) return
      this.#drawn = now
      this.#io.err(`\r\u001b[2K${this.#line(report).slice(0, this.#io.columns - 1)}`)
    } else if (last || step === 1 || step % Math.ceil(this.#steps / plainLines) === 0)
      this.#io.err(`${this.#line(report)}\n`)
  }

  /** Ends the live line, also where training broke off. */
  end(): void {
    if (this.#io.live && this.#drawn > 0) this.#io.err('\n')
  }

  #line({ step, epoch, accuracy }: StepReport): string {
    const left = ((this.#steps - step) * this.#ms.value) / 1000
    const parts = [
      `step ${String(step).padStart(String(this.#steps).length)}/${this.#steps}`,
      `epoch ${epoch}`,
      `loss ${this.#loss.value.toFixed(4)}`,
      ...(accuracy === undefined ? [] : [`acc ${(100 * this.#accuracy.value).toFixed(1)} %`]),
      `${this.#speed.value.toFixed(0)} samples/s`,
      `ETA ${showSeconds(left)}`,
      `arena ${this.#arena}`,
    ]
    return parts.join('  ')
  }
}

/** `0:07`, `1:02:03`. */
function showSeconds(seconds: number): string {
  const s = Math.ceil(seconds)
  const two = (n: number): string => String(n).padStart(2, '0')
  const [hours, minutes] = [Math.floor(s / 3600), Math.floor(s / 60) % 60]
  return hours > 0 ? `${hours}:${two(minutes)}:${two(s % 60)}` : `${minutes}:${two(s % 60)}`
}

/** A mean in which the last twenty or so count most. */
class Smoothed {
  #sum = 0
  #weight = 0

  add(x: number): void {
    this.#sum = 0.95 * this.#sum + x
    this.#weight = 0.95 * this.#weight + 1
  }

  get value(): number {
    return this.#sum / this.#weight
  }
}
