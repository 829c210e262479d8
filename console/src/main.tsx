import {createRoot} from 'react-dom/client';
import {App} from './app';
import './style/base.css';
import './style/layout.css';
import './style/parts.css';

createRoot(document.getElementById('root')!).render(<App />);
