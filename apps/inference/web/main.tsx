import { render } from 'preact'
import { App } from './app'
import './styles/base.css'
import './styles/layout.css'
import './styles/controls.css'
import './styles/header.css'
import './styles/picker.css'
import './styles/result.css'
import './styles/live-traffic.css'
import './styles/model-card.css'

render(<App />, document.getElementById('app') as HTMLElement)
