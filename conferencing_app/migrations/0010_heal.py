from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('conferencing_app', '0011_worker'),
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
    ]
