from django.db import migrations, models
from django.utils import timezone


def look_after_grants(apps, schema_editor):
    """Accounts that are linked already are looked at as well; those used lately are only given their time."""
    profiles = apps.get_model('conferencing_app', 'ConferencingProfile').objects.using(schema_editor.connection.alias)
    profiles.filter(state__in=['connected', 'disconnected'], due_at=None).update(due_at=timezone.now())


class Migration(migrations.Migration):

    dependencies = [
        ('conferencing_app', '0009_workers'),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='conference',
            name='conferencing_conference_due',
        ),
        migrations.AddField(
            model_name='conference',
            name='asked_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='meeting',
            name='starts_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddIndex(
            model_name='conference',
            index=models.Index(fields=['due_at', 'start'], name='conferencing_conference_next'),
        ),
        migrations.RunPython(look_after_grants, migrations.RunPython.noop, elidable=True),
    ]
