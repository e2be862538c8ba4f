using System.Globalization;
using System.Text;
using ConvTransfer.Core;

namespace ConvTransfer.Pipelines;

/// <summary>Figures as text for people.</summary>
internal static class FiguresText
{
    private const int MaxLabel = 24;

    public static string Of(Figures figures)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"accuracy {Percent(figures.Accuracy)} on {figures.Images} images");
        for (int k = 2; k <= Math.Min(figures.Top, figures.Labels.Count - 1); k++) text.Append(CultureInfo.InvariantCulture, $", top-{k} {Percent(figures.TopAccuracy(k))}");
        text.Append(CultureInfo.InvariantCulture, $"\nbalanced accuracy {Percent(figures.BalancedAccuracy)}, log-loss {figures.LogLoss:0.0000}\n");
        if (figures.NotFinite > 0) text.Append(CultureInfo.InvariantCulture, $"{figures.NotFinite} images have scores that are not finite; they count as wrong\n");
        if (figures.UnknownLabels > 0) text.Append(CultureInfo.InvariantCulture, $"{figures.UnknownLabels} images have a label that the classifier does not know; they are in no other figure\n");
        AppendClasses(text, figures);
        AppendConfusion(text, figures);
        return text.ToString();
    }

    public static string Of(FoldFigures figures) => string.Create(CultureInfo.InvariantCulture,
        $"{figures.Folds.Count} folds: accuracy {Percent(figures.Accuracy)}, balanced accuracy {Percent(figures.BalancedAccuracy)}, log-loss {figures.LogLoss.Mean:0.0000} ± {figures.LogLoss.Deviation:0.0000}\n{Of(figures.All)}");

    private static void AppendClasses(StringBuilder text, Figures figures)
    {
        int width = Math.Max(5, figures.Labels.Max(l => Shown(l).Length));
        text.Append(CultureInfo.InvariantCulture, $"\n{"class".PadRight(width)}  images  precision  recall      F1\n");
        foreach (var c in figures.Classes)
            text.Append(CultureInfo.InvariantCulture, $"{Shown(c.Label).PadRight(width)}  {c.Images,6}  {Percent(c.Precision),9}  {Percent(c.Recall),6}  {Percent(c.F1),6}\n");
    }

    private static void AppendConfusion(StringBuilder text, Figures figures)
    {
        const int MaxClasses = 20;
        if (figures.Labels.Count > MaxClasses) return;
        int width = Math.Max(5, figures.Labels.Max(l => Shown(l).Length));
        text.Append("\nconfusion (rows: right class, columns: predicted, in the same order)\n");
        for (int label = 0; label < figures.Labels.Count; label++)
        {
            text.Append(Shown(figures.Labels[label]).PadRight(width)).Append(' ');
            for (int predicted = 0; predicted < figures.Labels.Count; predicted++) text.Append(CultureInfo.InvariantCulture, $" {figures.Confusion(label, predicted),5}");
            text.Append('\n');
        }
    }

    private static string Shown(string label) => DisplayText.Escape(label, MaxLabel);

    private static string Percent(MeanAndDeviation share) => string.Create(CultureInfo.InvariantCulture, $"{100 * share.Mean:0.0} ± {100 * share.Deviation:0.0} %");

    private static string Percent(double? share) => share is { } s ? string.Create(CultureInfo.InvariantCulture, $"{100 * s:0.0} %") : "-";
}
