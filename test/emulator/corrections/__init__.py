"""What MiniStack 1.5.33 gets wrong or leaves out of deployments, set right before it starts. Each module reaches into private names: keep
the pin. They are taken by launch_ministack.py where EMULATOR_DEPLOYS is set; the stores' own suites need none of them."""
