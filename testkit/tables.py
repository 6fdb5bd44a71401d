"""`python -m testkit.tables`: the tables and the store of blobs of the site that the environment
names. What bin/setup does by three commands, in one process."""


def main() -> None:
    import django
    from django.core.management import call_command

    django.setup()
    for command in ("migrate", "migrate_store", "storage_setup"):
        call_command(command, verbosity=0)


if __name__ == "__main__":
    main()
