using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace NetbootServer.Storage.Migrations
{
    /// <inheritdoc />
    public partial class References : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<string>(
                name: "Reference",
                table: "machines",
                type: "TEXT",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "SerialKey",
                table: "machines",
                type: "TEXT",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "UuidKey",
                table: "machines",
                type: "TEXT",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "Teaches",
                table: "boots",
                type: "TEXT",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "Data",
                table: "alarms",
                type: "TEXT",
                nullable: true);

            migrationBuilder.CreateIndex(
                name: "IX_machines_SerialKey",
                table: "machines",
                column: "SerialKey");

            migrationBuilder.CreateIndex(
                name: "IX_machines_UuidKey",
                table: "machines",
                column: "UuidKey");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "IX_machines_SerialKey",
                table: "machines");

            migrationBuilder.DropIndex(
                name: "IX_machines_UuidKey",
                table: "machines");

            migrationBuilder.DropColumn(
                name: "Reference",
                table: "machines");

            migrationBuilder.DropColumn(
                name: "SerialKey",
                table: "machines");

            migrationBuilder.DropColumn(
                name: "UuidKey",
                table: "machines");

            migrationBuilder.DropColumn(
                name: "Teaches",
                table: "boots");

            migrationBuilder.DropColumn(
                name: "Data",
                table: "alarms");
        }
    }
}
