// What runs on the thread of `planAsync`: a script of its own, bundled without the rest.
import { figuresOf, type Said, type Task, toPlain } from './async/messages.ts'
import { parentOf } from './async/spawn.ts'
import type { Plan } from './dag/dag.ts'
import { planSteps } from './plan/plan.ts'

const parent = parentOf<Task, Said>()

parent.listen(({ dag, options }) => {
  try {
    let best: Plan | undefined
    for (const plan of planSteps(dag, options)) {
      best = plan
      parent.post({ kind: 'found', found: figuresOf(plan) })
    }
    parent.post({ kind: 'best', plan: best! })
  } catch (error) {
    parent.post({ kind: 'failed', error: toPlain(error) })
  }
})
