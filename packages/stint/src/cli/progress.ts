import { showBytes } from '@stint/engine'
import type { StepReport } from '@stint/train'
import type { Io } from './io.ts'

/** How full the arena is of what was asked for, in bytes. */
export interface Fill {
  readonly arena: number
  /** Undefined without a budget. */
  readonly budget: number | undefined
}

/** `1.21 MiB of 1.24 MiB`. */
function showFill({ arena, budget }: Fill): string {
  return budget === undefined ? showBytes(arena) : `${showBytes(arena)} of ${showBytes(budget)}`
}

/** `1.21/1.24 MiB`: three digits each. */
function showFillShort({ arena, budget }: Fill): string {
  const most = budget ?? arena
  const [unit, name] = most >= 2 ** 20 ? [2 ** 20, 'MiB'] : [2 ** 10, 'KiB']
  const amounts = budget === undefined ? [arena] : [arena, budget]
  return `${amounts.map(bytes => Number((bytes / unit).toPrecision(3))).join('/')} ${name}`
}

/** About so many lines where nobody watches. */
const plainLines = 50
/** ms between two pictures of the live line. */
const frame = 100

/** Shows how training goes: one line that changes in a terminal, some fifty plain ones elsewhere. */
export class Progress {
  readonly #io: Io
  readonly #steps: number
  readonly #fill: Fill
  readonly #loss = new Smoothed()
  readonly #accuracy = new Smoothed()
  readonly #speed = new Smoothed()
  readonly #ms = new Smoothed()
  #drawn = Number.NEGATIVE_INFINITY

  constructor(io: Io, steps: number, fill: Fill) {
    this.#io = io
    this.#steps = steps
    this.#fill = fill
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
      this.#io.err(`\r\u001b[2K${this.#liveLine(report)}`)
    } else if (last || step === 1 || step % Math.ceil(this.#steps / plainLines) === 0)
      this.#io.err(`${this.#line(report)}\n`)
  }

  /** Ends the live line, also where training broke off. */
  end(): void {
    if (this.#io.live && this.#drawn > 0) this.#io.err('\n')
  }

  /** The line, or where that does not fit, a shorter one. */
  #liveLine(report: StepReport): string {
    const width = this.#io.columns - 1
    const line = this.#line(report)
    return line.length <= width ? line : this.#shortLine(report).slice(0, width)
  }

  #line({ step, epoch, accuracy }: StepReport): string {
    const parts = [
      `step ${String(step).padStart(String(this.#steps).length)}/${this.#steps}`,
      `epoch ${epoch}`,
      `loss ${this.#loss.value.toFixed(4)}`,
      ...(accuracy === undefined ? [] : [`acc ${(100 * this.#accuracy.value).toFixed(1)} %`]),
      `${this.#speed.value.toFixed(0)} samples/s`,
      `ETA ${this.#left(step)}`,
      `arena ${showFill(this.#fill)}`,
    ]
    return parts.join('  ')
  }

  /** 80 columns, and all that matters. */
  #shortLine({ step, accuracy }: StepReport): string {
    const parts = [
      `step ${step}/${this.#steps}`,
      `loss ${this.#loss.value.toFixed(3)}`,
      ...(accuracy === undefined ? [] : [`acc ${(100 * this.#accuracy.value).toFixed(1)}%`]),
      `${this.#speed.value.toFixed(0)} samples/s`,
      `ETA ${this.#left(step)}`,
      `arena ${showFillShort(this.#fill)}`,
    ]
    return parts.join(' ')
  }

  #left(step: number): string {
    return showSeconds(((this.#steps - step) * this.#ms.value) / 1000)
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
