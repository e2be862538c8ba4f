using ConvTransfer.Core;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Imaging;
using ConvTransfer.Runtime;

namespace ConvTransfer.Pipelines;

/// <summary>What a one-file model says about itself, held against its graph.</summary>
internal sealed record OneFileDescription(ValueList<string> Labels, InputRecipe Recipe, bool AnyBatch, string? Figures, string? Cut)
{
    /// <summary>Reads the metadata.</summary>
    /// <exception cref="ConvTransferException">The model is no one-file model of this format, or contradicts itself; every reason is listed.</exception>
    public static OneFileDescription Read(Model model)
    {
        if (model.MetadataValue(OneFileMetadata.Format) is not { } format)
            throw new ConvTransferException(FailureCause.DataInvalid, $"the file has no metadata '{OneFileMetadata.Format}': it is a network, not a classifier that this library wrote. Train one on it first", model.File);
        if (format != OneFileMetadata.FormatVersion)
            throw new ConvTransferException(FailureCause.Unsupported, $"the file is of format '{DisplayText.Escape(format)}', this version reads format {OneFileMetadata.FormatVersion}", model.File);
        var problems = new ProblemList();
        var labels = Entry(model, OneFileMetadata.Labels, OneFileMetadata.ReadLabels, problems);
        var recipe = Entry(model, OneFileMetadata.Recipe, text => InputRecipe.FromJson(text), problems);
        string? batch = Entry(model, OneFileMetadata.Batch, text => text, problems);
        if (batch is not (null or OneFileMetadata.AnyBatch or OneFileMetadata.OneImage)) problems.Error(FailureCause.DataInvalid, $"metadata '{OneFileMetadata.Batch}' is '{DisplayText.Escape(batch)}', expected '{OneFileMetadata.AnyBatch}' or '{OneFileMetadata.OneImage}'");
        CheckGraph(model.Graph, labels, problems);
        problems.ThrowIfErrors(model.File);
        return new OneFileDescription(labels, recipe!, batch == OneFileMetadata.AnyBatch, model.MetadataValue(OneFileMetadata.Figures), model.MetadataValue(OneFileMetadata.Cut));
    }

    /// <summary>Refuses a graph whose types are not those of a classifier with these classes. Plans it for a small picture, so that what cannot run is refused too.</summary>
    public void CheckTypes(Planner planner, string? file)
    {
        var types = planner.OutputTypes(new Shape(1, 32, 32, 3));
        Require(types[0], TensorType.Of(ElementType.String, new Shape(1)), OneFileModel.Label, file);
        Require(types[1], TensorType.Of(ElementType.Float32, new Shape(1, Labels.Count)), OneFileModel.Scores, file);
    }

    private static void Require(TensorType actual, TensorType expected, string output, string? file)
    {
        if (!actual.Equals(expected)) throw new ConvTransferException(FailureCause.DataInvalid, $"output '{output}' is {actual} for one picture, expected {expected}", file);
    }

    private static T? Entry<T>(Model model, string key, Func<string, T> read, ProblemList problems)
    {
        if (model.MetadataValue(key) is not { } text)
        {
            problems.Error(FailureCause.DataInvalid, $"metadata '{key}' is missing");
            return default;
        }
        try
        {
            return read(text);
        }
        catch (ConvTransferException e)
        {
            problems.Error(e.Cause, e.Detail);
            return default;
        }
    }

    private static void CheckGraph(Graph graph, ValueList<string> labels, ProblemList problems)
    {
        var input = graph.RequiredInputs.ToArray();
        if (input.Length != 1 || input[0].Name != OneFileModel.Input || input[0].Type is not TensorType { ElementType: ElementType.UInt8, Dims: { Count: 4 } dims } || !dims[3].IsKnown || dims[3].Value != 3)
            problems.Error(FailureCause.DataInvalid, $"the graph takes {string.Join(", ", input.Select(i => $"'{DisplayText.Escape(i.Name)}' of type {i.Type}"))}, expected '{OneFileModel.Input}' of type uint8 [N, H, W, 3]");
        foreach (string output in new[] { OneFileModel.Label, OneFileModel.Scores })
            if (graph.Outputs.All(o => o.Name != output)) problems.Error(FailureCause.DataInvalid, $"the graph has no output '{output}'");
        // The names that the graph itself answers with must be those that the metadata promises.
        var gather = graph.Nodes.FirstOrDefault(n => n.Outputs.IndexOf(OneFileModel.Label) >= 0);
        var names = gather is null ? null : graph.Initializers.FirstOrDefault(t => gather.Inputs.IndexOf(t.Name) >= 0 && t.ElementType == ElementType.String);
        if (names is null) problems.Error(FailureCause.DataInvalid, $"output '{OneFileModel.Label}' is not taken from a list of names");
        else if (labels.Count > 0 && names.Strings.Select(s => System.Text.Encoding.UTF8.GetString(s.Span)).ToValueList() != labels) problems.Error(FailureCause.DataInvalid, $"the classes in metadata '{OneFileMetadata.Labels}' are not those from which output '{OneFileModel.Label}' is taken");
    }
}
