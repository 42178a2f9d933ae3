"""What a job may use of the machine: its device, its GPUs, its place among the processes."""
