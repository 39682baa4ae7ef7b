import { cpu } from '@stint/backend-cpu'
import { describe, expect, test } from 'vitest'
import { type Executor, reference, runConformance, throughEngine } from './index.ts'
import { referenceSuite } from './testing/suite.ts'

const suite = referenceSuite()
// Five steps of training show gradients, updates and statistics; the evaluator is slow.
const limit = process.env.STINT_FULL === '1' ? {} : { trainingSteps: 5 }

/** What does not exist yet, by op. A case that passes, or an op that leaves this list, shows in its place. */
const missing = [
  'adadelta',
  'adagrad',
  'adamw', // with groups of parameters; the others run
  'clip_grad_norm', // by the largest element; the others run
  'cosine_restarts_lr',
  'einsum',
  'exponential_lr',
  'gru',
  'linear_lr',
  'lstm',
  'multi_head_attention',
  'multistep_lr',
  'rmsprop',
  'rnn_tanh',
  'sort',
  'step_lr',
  'topk',
  'upsample_bilinear',
  'upsample_nearest',
]

/** The evaluator, and every backend there is. */
const executors: { readonly [name: string]: Executor } = {
  'the evaluator': reference(),
  'the CPU backend': throughEngine(cpu()),
}

describe.each(Object.keys(executors))('%s agrees with the reference values in f32 and f64', name => {
  const executor = executors[name] as Executor
  const groups = [...new Set(suite.cases.map(c => c.group))]
  const unsupported = new Set<string>()

  test.each(groups)('%s', async group => {
    const report = await runConformance(suite, executor, {
      ...limit,
      only: c => c.group === group,
      onCase: (c, outcome) => {
        if (outcome.kind === 'unsupported') unsupported.add(c.op)
      },
    })
    expect(report.failures).toEqual([])
    expect(report.failed).toBe(0)
    expect(report.passed + report.unsupported).toBe(suite.cases.filter(c => c.group === group).length)
  })

  test('and nothing is left out but what does not exist', () => {
    expect([...unsupported].sort()).toEqual(missing)
  })
})
