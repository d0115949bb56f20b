import { useCallback, useState } from 'preact/hooks'
import { ApiKeyForm } from './components/api-key-form'
import { Header } from './components/header'
import { ImagePicker } from './components/image-picker'
import { LiveTraffic } from './components/live-traffic'
import { ModelCardView } from './components/model-card'
import { Result } from './components/result'
import { Samples } from './components/samples'
import { ServedBy } from './components/served-by'
import { languages, useLanguage, Words } from './language'
import { useSamples, useServer } from './server'

/** An image that is to be classified, or was. */
export interface Picture {
  id: number
  name: string
  image: Blob
  /** To show it. */
  url: string
  /** Of a sample. */
  sample?: { label: string; sha256: string }
}

/** More are forgotten, oldest first. */
const MAX_PICTURES = 24

export function App() {
  const [language, setLanguage] = useLanguage()
  const { phase, model, version, retry } = useServer()
  const samples = useSamples(model)
  const [pictures, setPictures] = useState<Picture[]>([])
  const t = languages[language].texts

  const add = useCallback((added: Omit<Picture, 'id'>[]) => {
    setPictures((shown) => {
      const next = (shown[0]?.id ?? 0) + added.length
      return [...added.map((picture, index) => ({ ...picture, id: next - index })), ...shown].slice(
        0,
        MAX_PICTURES,
      )
    })
  }, [])
  const addFiles = useCallback(
    (files: File[]) =>
      add(files.map((file) => ({ name: file.name, image: file, url: URL.createObjectURL(file) }))),
    [add],
  )
  const remove = (id: number) => setPictures((shown) => shown.filter((picture) => picture.id !== id))
  const images = samples.length > 0 ? samples.map(({ image }) => image) : pictures.map(({ image }) => image)

  return (
    <Words.Provider value={t}>
      <a class="skip" href="#content">
        {t.skip}
      </a>
      <Header phase={phase} language={language} onLanguage={setLanguage} />
      <main id="content">
        {phase === 'locked' && <ApiKeyForm onKey={retry} />}
        {phase === 'loading' && <p class="notice">{t.loadingLong}</p>}
        <div class="columns">
          <div class="stack">
            <section aria-labelledby="try">
              <h1 id="try">{t.heading}</h1>
              {model && (
                <p class="lead">
                  <strong>{model.name}</strong> {model.version}
                  {model.metrics && ` · ${t.right(String(model.metrics.top1), model.metrics.dataset)}`}
                </p>
              )}
              <ImagePicker onFiles={addFiles} />
              <Samples
                samples={samples}
                onPick={({ label, sha256, image, url }) =>
                  add([{ name: 'sample', image, url, sample: { label, sha256 } }])
                }
              />
            </section>
            <section aria-labelledby="results">
              <h2 id="results">{t.results}</h2>
              {pictures.length === 0 && <p class="empty">{t.noResults}</p>}
              {pictures.map((picture) => (
                <Result
                  key={picture.id}
                  picture={picture}
                  model={model}
                  onLocked={retry}
                  onRemove={() => remove(picture.id)}
                />
              ))}
            </section>
          </div>
          <ServedBy version={version} />
        </div>
        <LiveTraffic images={images} onNewModel={retry} />
        {model && <ModelCardView model={model} />}
      </main>
    </Words.Provider>
  )
}
