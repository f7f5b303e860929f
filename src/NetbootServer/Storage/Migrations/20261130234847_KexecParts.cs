using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace NetbootServer.Storage.Migrations
{
    /// <inheritdoc />
    public partial class KexecParts : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "kexec_parts",
                columns: table => new
                {
                    VersionSequence = table.Column<long>(type: "INTEGER", nullable: false),
                    Name = table.Column<string>(type: "TEXT", nullable: false),
                    Parts = table.Column<string>(type: "TEXT", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_kexec_parts", x => new { x.VersionSequence, x.Name });
                    table.ForeignKey(
                        name: "FK_kexec_parts_image_versions_VersionSequence",
                        column: x => x.VersionSequence,
                        principalTable: "image_versions",
                        principalColumn: "Sequence",
                        onDelete: ReferentialAction.Cascade);
                });
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "kexec_parts");
        }
    }
}
