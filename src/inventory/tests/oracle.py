"""Asks Ansible's own inventory for patterns. Reads [path, pattern...] as JSON lines."""
import json
import sys

from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader

for line in sys.stdin:
    path, *patterns = json.loads(line)
    inventory = InventoryManager(loader=DataLoader(), sources=[path])
    answers = []
    for pattern in patterns:
        try:
            answers.append([host.name for host in inventory.get_hosts(pattern)])
        except Exception as e:
            answers.append(str(e))
    print(json.dumps(answers), flush=True)
