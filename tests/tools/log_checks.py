"""What the log must say about an execution, whatever happened on the way."""
from harness import check, check_equal


class History:
    """The attempts of one execution, from the log."""

    def __init__(self, events, execution_id):
        self.starts = {}    # seq -> (task index, attempt)
        self.finishes = {}  # seq of the start -> (seq, outcome)
        for event in events:
            if event['execution'] != execution_id:
                continue
            fields = event['event']
            if event['type'] == 'attempt_started':
                self.starts[event['seq']] = (fields.get('task', 0), fields['attempt'])
            elif event['type'] == 'attempt_finished':
                start = fields['attempt_seq']
                check(start not in self.finishes, f'attempt {start} ends once')
                self.finishes[start] = (event['seq'], fields['outcome'])

    def outcomes(self, task):
        return [self.finishes[seq][1] for seq, (index, _) in self.starts.items()
                if index == task and seq in self.finishes]

    def completed_at(self, task):
        return [self.finishes[seq][0] for seq, (index, _) in self.starts.items()
                if index == task and self.finishes.get(seq, (0, ''))[1] == 'success']


def check_log(scratch, parents, report):
    """Every task of a completed execution completed exactly once, after its parents; counts agree with the report.

    `parents`: id -> ids, in the order of the definition.  Answers how many attempts were lost.
    """
    history = History(scratch.events(), report['id'])
    index = {name: i for i, name in enumerate(parents)}
    done = {}
    for name, i in index.items():
        ends = history.completed_at(i)
        check_equal(len(ends), 1, f'{name} completed exactly once')
        done[i] = ends[0] if ends else 0
    check_equal(set(history.starts), set(history.finishes), 'every attempt has ended')
    names = list(index)
    for seq, (task, attempt) in history.starts.items():
        late = [p for p in parents[names[task]] if done[index[p]] >= seq]
        check_equal(late, [], f'{names[task]}, attempt {attempt}: parents that ended later')
    lost = 0
    for name, i in index.items():
        outcomes = history.outcomes(i)
        record = report['tasks'][name]
        check_equal(record['attempts'], len(outcomes), f'{name}: attempts')
        check_equal(record['lost'], outcomes.count('lost'), f'{name}: lost')
        check_equal(sorted(set(outcomes) - {'success', 'lost', 'interrupted'}), [], f'{name}: outcomes')
        lost += record['lost']
    return lost
