"""Asks Ansible's own inventory. Reads [path, pattern...] as JSON lines; for each line answers with
the hosts of each pattern (or what is wrong with it), or with null where Ansible refuses the file."""
import json
import sys

from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader


def hosts(inventory, pattern):
    try:
        return [host.name for host in inventory.get_hosts(pattern)]
    except Exception as e:
        return str(e)


for line in sys.stdin:
    path, *patterns = json.loads(line)
    try:
        inventory = InventoryManager(loader=DataLoader(), sources=[path])
        answer = [hosts(inventory, pattern) for pattern in patterns]
    except Exception:
        answer = None
    print(json.dumps(answer), flush=True)
