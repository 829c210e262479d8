/** Questions before something is done: the browser's own dialog, which keeps the focus and ends with Escape. */
import {FormEvent, ReactNode, useEffect, useId, useRef, useState} from 'react';
import {Problem} from '../api';
import {Trouble} from './parts';

export interface Question {
  title: string;
  text: ReactNode;
  action: string;                  // what the button says
  danger?: boolean;
  reason?: 'asked' | 'needed';     // a reason is kept in the ledger
  word?: string;                   // to be typed, where there is no way back
  children?: ReactNode;            // further fields
  ready?: boolean;                 // false: a field is not filled in
  run: (reason: string) => Promise<void>;
}

export function Ask({question, onClose}: {question: Question | null; onClose: () => void}) {
  const dialog = useRef<HTMLDialogElement>(null);
  const open = question !== null;
  useEffect(() => {
    const element = dialog.current!;
    if (open && !element.open) element.showModal();
    if (!open && element.open) element.close();
  }, [open]);
  return (
    <dialog ref={dialog} onClose={onClose} aria-labelledby="dialog-title">
      {question && <Form question={question} onClose={onClose} />}
    </dialog>
  );
}

function Form({question, onClose}: {question: Question; onClose: () => void}) {
  const [reason, setReason] = useState('');
  const [word, setWord] = useState('');
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const id = useId();
  const ready = question.ready !== false && (question.reason !== 'needed' || reason.trim() !== '') &&
    (question.word === undefined || word === question.word);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (!ready || busy) return;
    setBusy(true);
    setProblem(null);
    try {
      await question.run(reason.trim());
      onClose();
    } catch (fault) {
      setProblem(fault instanceof Problem ? fault : new Problem(0, 'unknown', String(fault), ''));
      setBusy(false);
    }
  };
  return (
    <form onSubmit={submit} noValidate>
      <h2 id="dialog-title">{question.title}</h2>
      <div className="dialog-text">{question.text}</div>
      {question.children}
      {question.reason && (
        <div className="field">
          <label htmlFor={id + 'reason'}>Reason{question.reason === 'asked' && <span className="faint"> (may be empty)</span>}</label>
          <input id={id + 'reason'} value={reason} onChange={(event) => setReason(event.target.value)} maxLength={500}
            autoComplete="off" required={question.reason === 'needed'} aria-describedby={id + 'kept'} />
          <p id={id + 'kept'} className="hint">It is kept in the ledger.</p>
        </div>)}
      {question.word !== undefined && (
        <div className="field">
          <label htmlFor={id + 'word'}>Type <strong>{question.word}</strong> to confirm</label>
          <input id={id + 'word'} value={word} onChange={(event) => setWord(event.target.value)} autoComplete="off" />
        </div>)}
      {problem && <Trouble problem={problem} />}
      <div className="dialog-actions">
        <button type="button" onClick={onClose}>Cancel</button>
        <button type="submit" className={question.danger ? 'danger' : 'primary'} disabled={!ready || busy}>{question.action}</button>
      </div>
    </form>
  );
}
