#!/usr/bin/python
"""Have one time service keep the clock, and no second one."""

from __future__ import annotations

from ansible.module_utils.basic import AnsibleModule

DOCUMENTATION = r"""
module: time_service
short_description: Have one time service keep the clock, and no second one
description:
  - Enables and starts a service that is installed, and stops and disables others that run or would at boot.
  - Where its own conditions keep it from starting (a container may not set the clock) one try is all there is.
options:
  service:
    description: The unit that keeps the clock.
    type: str
    required: true
  others:
    description: Units that may not.
    type: list
    elements: str
    required: true
author: opsharden
"""

PROPERTIES = "Id,LoadState,UnitFileState,ActiveState,ConditionTimestampMonotonic,ConditionResult"
AT_BOOT = ("enabled", "enabled-runtime", "static", "generated", "alias", "linked", "indirect")


def states(module, units):
    """Unit -> what systemd says of it."""
    rc, out, err = module.run_command(["systemctl", "show", f"--property={PROPERTIES}", *units])
    if rc:
        module.fail_json(msg=f"systemd could not be asked about {', '.join(units)}: {err.strip()}")
    blocks = [dict(line.split("=", 1) for line in block.splitlines()) for block in out.strip().split("\n\n")]
    return {block["Id"]: block for block in blocks}


def steps(service, state, others):
    """What is to be done: words for systemctl."""
    for unit, other in others.items():
        if other["LoadState"] != "masked" and (other["UnitFileState"] in AT_BOOT or other["ActiveState"] == "active"):
            yield ["disable", "--now", unit]
        elif other["ActiveState"] == "active":
            yield ["stop", unit]
    if state["LoadState"] == "masked":
        yield ["unmask", service]
    if state["UnitFileState"] != "enabled":
        yield ["enable", service]
    tried = state["ConditionTimestampMonotonic"] != "0" and state["ConditionResult"] == "no"
    if state["ActiveState"] != "active" and not tried:
        yield ["start", service]


def main():
    """Do it, or in check mode say what would be done."""
    module = AnsibleModule(
        argument_spec={
            "service": {"type": "str", "required": True},
            "others": {"type": "list", "elements": "str", "required": True},
        },
        supports_check_mode=True,
    )
    service = module.params["service"]
    found = states(module, [service, *module.params["others"]])
    # Another name of the service itself is no second one.
    others = {unit: state for unit, state in found.items() if unit != service and unit in module.params["others"]}
    todo = list(steps(service, found[service], others))
    for words in [] if module.check_mode else todo:
        rc, _, err = module.run_command(["systemctl", *words])
        if rc:
            said = (err.strip().splitlines() or ["it did not say why"])[0]
            module.fail_json(changed=True, msg=f"`systemctl {' '.join(words)}` failed: {said}")
    done = "".join(f"systemctl {' '.join(words)}\n" for words in todo)
    note = [f"Ran systemctl {' '.join(words)}." for words in todo]
    module.exit_json(changed=bool(todo), diff={"before": "", "after": done}, opsharden_note=note)


if __name__ == "__main__":
    main()
