using System.Collections.Immutable;
using ConvTransfer.Core;
using ConvTransfer.Graphs;
using ConvTransfer.Pipelines;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Trainers;
using Microsoft.ML.Transforms;

namespace ConvTransfer.MLNet;

/// <summary>Reads what ML.NET fitted into a <see cref="LinearHead"/>: affine normalizers and one maximum-entropy classifier. Everything else is refused by name.</summary>
internal static class HeadReader
{
    /// <summary>Reads a fitted transformer or chain.</summary>
    /// <param name="fitted">What ML.NET fitted.</param>
    /// <param name="schema">The columns that it was fitted to.</param>
    /// <param name="labels">The classes' names, in the order of their keys.</param>
    /// <param name="width">The number of features.</param>
    /// <exception cref="ConvTransferException">Something in it has no form as ONNX nodes.</exception>
    public static LinearHead Read(ITransformer fitted, DataViewSchema schema, ValueList<string> labels, int width)
    {
        var normalizers = new List<AffineNormalizer>();
        MulticlassPredictionTransformer<MaximumEntropyModelParameters>? classifier = null;
        string column = FeatureView.Features;
        foreach (var transformer in Flatten(fitted))
        {
            if (classifier is not null) throw Refused(transformer, "it stands behind the classifier");
            switch (transformer)
            {
                case NormalizingTransformer normalizing:
                    normalizers.Add(Affine(normalizing));
                    column = Added(normalizing, schema);
                    break;
                case MulticlassPredictionTransformer<MaximumEntropyModelParameters> found:
                    classifier = found;
                    break;
                default:
                    throw Refused(transformer, "it has no form as ONNX nodes here");
            }
            schema = transformer.GetOutputSchema(schema);
        }
        if (classifier is null) throw new ConvTransferException(FailureCause.Unsupported, "the head has no classifier; end it with LbfgsMaximumEntropy or SdcaMaximumEntropy");
        if (classifier.FeatureColumnName != column) throw new ConvTransferException(FailureCause.Unsupported, $"the classifier reads column '{DisplayText.Escape(classifier.FeatureColumnName)}', but the features stand in '{DisplayText.Escape(column)}'");
        return new LinearHead(labels, width, Weights(classifier.Model, labels.Count, width), classifier.Model.GetBiases().ToValueList(), normalizers.ToValueList());
    }

    private static IEnumerable<ITransformer> Flatten(ITransformer transformer) =>
        transformer is IEnumerable<ITransformer> chain ? chain.SelectMany(Flatten) : [transformer];

    private static AffineNormalizer Affine(NormalizingTransformer normalizing)
    {
        if (normalizing.GetNormalizerModelParameters(0) is not NormalizingTransformer.AffineNormalizerModelParameters<ImmutableArray<float>> affine)
            throw Refused(normalizing, $"its parameters are {normalizing.GetNormalizerModelParameters(0).GetType().Name.Split('`')[0]}, and only affine ones are supported: NormalizeMinMax, NormalizeMeanVariance(useCdf: false), NormalizeRobustScaling");
        ValueList<float>? offset = affine.Offset.IsDefaultOrEmpty ? null : affine.Offset.ToValueList();
        return new AffineNormalizer(offset, affine.Scale.ToValueList());
    }

    // Where a column is written is seen from the schema; what it is read from is proved later, when the scores are compared.
    private static string Added(NormalizingTransformer normalizing, DataViewSchema schema)
    {
        var output = normalizing.GetOutputSchema(schema);
        if (output.Count != schema.Count + 1) throw Refused(normalizing, $"it normalizes {output.Count - schema.Count} columns, expected one");
        return output[output.Count - 1].Name;
    }

    private static ValueList<float> Weights(MaximumEntropyModelParameters model, int classes, int width)
    {
        VBuffer<float>[]? rows = null;
        model.GetWeights(ref rows, out int count);
        if (count != classes) throw new ConvTransferException(FailureCause.Unsupported, $"the classifier was fitted to {count} classes, expected {classes}");
        return rows.Take(count).SelectMany(r => Dense(r, width)).ToValueList();
    }

    private static float[] Dense(VBuffer<float> row, int width)
    {
        if (row.Length != width) throw new ConvTransferException(FailureCause.Unsupported, $"the classifier was fitted to {row.Length} features, expected {width}");
        return [.. row.DenseValues()];
    }

    private static ConvTransferException Refused(ITransformer transformer, string reason) =>
        new(FailureCause.Unsupported, $"{Name(transformer.GetType())} cannot be exported: {reason}. A head is LbfgsMaximumEntropy or SdcaMaximumEntropy, with affine normalizers before it");

    // As C# writes it: Outer<Inner> instead of Outer`1.
    private static string Name(Type type) => type.IsGenericType ? $"{type.Name.Split('`')[0]}<{string.Join(", ", type.GetGenericArguments().Select(Name))}>" : type.Name;
}
