import type { Version } from '../api'
import { useTexts } from '../language'
import { Facts, Hash } from './facts'

/** Exactly what runs in the pod that was asked; all of it comes from one answer, since the next pod may run another. */
export function ServedBy({ version }: { version: Version | undefined }) {
  const t = useTexts()
  const { app, model, runtime } = version ?? {}
  return (
    <aside class="card" aria-labelledby="serves">
      <h2 id="serves">{t.serves}</h2>
      <Facts
        facts={[
          [t.app, app?.version],
          [t.commit, app && <Hash value={app.commit} />],
          [t.image, app?.imageDigest ? <Hash value={app.imageDigest} /> : t.unknown],
          [t.pod, app?.pod ?? t.unknown],
          [t.model, model && `${model.name} ${model.version}`],
          ['SHA-256', model && <Hash value={model.sha256} />],
          [
            t.runtime,
            runtime &&
              `${runtime.onnxruntime ? `ONNX Runtime ${runtime.onnxruntime}, ` : ''}Node ${runtime.node}`,
          ],
        ]}
      />
    </aside>
  )
}
