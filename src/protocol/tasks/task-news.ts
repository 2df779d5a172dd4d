// Who waits for which task: listeners of both eras.
import type { Task } from './task.ts';

export interface TaskListener {
  /** Told of each newer state. */
  changed(task: Task): void;
  /** Told once when the task cannot be asked for any more. */
  expired(): void;
}

export interface TaskNews {
  /** From the states that are given on. Returns the way to stop. */
  follow(tasks: readonly Task[], listener: TaskListener): () => void;
  /** A state that somebody read or wrote; an old one is told nobody. */
  publish(task: Task): void;
  /** Tells who follows a task that expired by `now`. */
  expire(now: number): void;
  /** Ids that somebody follows. */
  followed(): readonly string[];
}

interface Followed {
  task: Task;
  readonly listeners: Set<TaskListener>;
}

/** `onError` takes what a listener throws: one of them must not keep the others from hearing. */
export function createTaskNews(onError: (error: unknown) => void): TaskNews {
  const byId = new Map<string, Followed>();
  const tell = ({ listeners }: Followed, news: (listener: TaskListener) => void): void => {
    for (const listener of [...listeners]) {
      try {
        news(listener);
      } catch (error) {
        onError(error);
      }
    }
  };
  return {
    follow(tasks, listener) {
      const own: TaskListener = {
        changed: (task) => listener.changed(task),
        expired: () => listener.expired(),
      };
      for (const task of tasks) {
        const entry = byId.get(task.id) ?? { task, listeners: new Set() };
        entry.listeners.add(own);
        byId.set(task.id, entry);
      }
      return () => {
        for (const { id } of tasks) {
          const entry = byId.get(id);
          entry?.listeners.delete(own);
          if (entry?.listeners.size === 0) byId.delete(id);
        }
      };
    },
    publish(task) {
      const entry = byId.get(task.id);
      if (entry === undefined || task.revision <= entry.task.revision) return;
      entry.task = task;
      tell(entry, (listener) => listener.changed(task));
    },
    expire(now) {
      for (const entry of [...byId.values()]) {
        if (entry.task.expiresAt <= now) tell(entry, (listener) => listener.expired());
      }
    },
    followed: () => [...byId.keys()],
  };
}
