import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('conferencing_app', '0002_attempts'),
    ]

    operations = [
        migrations.AddField(
            model_name='conference',
            name='announced',
            field=models.CharField(blank=True, editable=False, max_length=100),
        ),
        migrations.AddField(
            model_name='conference',
            name='sequence',
            field=models.PositiveBigIntegerField(default=0, editable=False),
        ),
        migrations.AddField(
            model_name='conferencingprofile',
            name='announced',
            field=models.CharField(blank=True, editable=False, max_length=100),
        ),
        migrations.AddField(
            model_name='conferencingprofile',
            name='sequence',
            field=models.PositiveBigIntegerField(default=0, editable=False),
        ),
        migrations.CreateModel(
            name='Notification',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('type', models.CharField(max_length=64)),
                ('subject', models.CharField(max_length=40)),
                ('sequence', models.PositiveBigIntegerField()),
                ('cause_code', models.CharField(blank=True, max_length=64)),
                ('data', models.JSONField(default=dict)),
                ('created_at', models.DateTimeField()),
                ('due_at', models.DateTimeField(blank=True, db_index=True, editable=False, null=True)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('subject', 'sequence'), name='conferencing_one_notification_per_number')],
            },
        ),
        migrations.CreateModel(
            name='NotificationDelivery',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('lease_until', models.DateTimeField(blank=True, editable=False, null=True)),
                ('fence', models.BigIntegerField(default=0, editable=False)),
                ('due_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('attempts', models.PositiveIntegerField(default=0, editable=False)),
                ('version', models.BigIntegerField(default=1, editable=False)),
                ('subject', models.CharField(max_length=40)),
                ('receiver', models.CharField(max_length=255)),
                ('state', models.CharField(choices=[('pending', 'Pending'), ('delivered', 'Delivered'), ('dropped', 'Dropped')], default='pending', max_length=16)),
                ('delivered_at', models.DateTimeField(blank=True, null=True)),
                ('error', models.CharField(blank=True, max_length=255)),
                ('notification', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='deliveries', to='conferencing_app.notification')),
            ],
            options={
                'indexes': [models.Index(fields=['due_at'], name='conferencing_delivery_due'), models.Index(fields=['subject', 'receiver'], name='conferencing_delivery_order')],
                'constraints': [models.UniqueConstraint(fields=('notification', 'receiver'), name='conferencing_one_delivery_per_receiver')],
            },
        ),
    ]
