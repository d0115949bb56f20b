import { useCallback, useEffect, useState } from 'preact/hooks'
import { type ModelCard, Problem, preview, type Scored, score } from '../api'
import type { Picture } from '../app'
import { useTexts } from '../language'
import { CurlCommand } from './curl-command'
import { Failure } from './failure'
import { Labels } from './labels'
import { Times } from './times'

interface Props {
  picture: Picture
  model: ModelCard | undefined
  /** The server wants a key. */
  onLocked: () => void
  onRemove: () => void
}

/** Has one picture classified and shows the answer. */
export function Result({ picture, model, onLocked, onRemove }: Props) {
  const t = useTexts()
  const [outcome, setOutcome] = useState<Scored | Problem>()
  const [seen, setSeen] = useState<string>()
  const [isImage, setIsImage] = useState(true)
  const { image, url, sample } = picture
  const name = sample ? t.sample(sample.label) : picture.name

  const ask = useCallback(async () => {
    setOutcome(undefined)
    try {
      setOutcome(await score(image, picture.name))
      // Extra, and not to be had where the model runs elsewhere.
      await preview(image).then(
        (png) => setSeen(URL.createObjectURL(png)),
        () => {},
      )
    } catch (error) {
      setOutcome(error as Problem)
      if ((error as Problem).code === 'unauthorized') onLocked()
    }
  }, [image, picture.name, onLocked])
  useEffect(() => {
    ask()
  }, [ask])

  const scored = outcome instanceof Problem ? undefined : outcome
  const { width, height, channels } = model?.input ?? {}
  return (
    <article class="result" aria-label={name}>
      <div class="pictures">
        <figure>
          {isImage ? (
            <img src={url} alt={name} onError={() => setIsImage(false)} />
          ) : (
            <div class="no-image" aria-hidden="true">
              ?
            </div>
          )}
          <figcaption>{t.original}</figcaption>
        </figure>
        {seen && channels && (
          <figure>
            <img class="seen" src={seen} alt="" />
            <figcaption>{t.seen(`${width}\u00a0×\u00a0${height}, ${t[channels]}`)}</figcaption>
          </figure>
        )}
      </div>
      <div class="answer">
        <div class="name">
          <h3>{name}</h3>
          <button type="button" class="quiet" onClick={onRemove} aria-label={`${t.remove}: ${name}`}>
            ×
          </button>
        </div>
        <div aria-live="polite">
          {!outcome && <p class="waiting">{t.waiting}</p>}
          {outcome instanceof Problem && <Failure problem={outcome} onAgain={ask} />}
          {scored && <Labels ranking={scored.ranking} truth={sample?.label} />}
        </div>
        {scored && <Times scored={scored} />}
        <CurlCommand image={{ name: picture.name, ...(sample && { sha256: sample.sha256 }) }} />
      </div>
    </article>
  )
}
